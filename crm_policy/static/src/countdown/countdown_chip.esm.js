import {Component} from "@odoo/owl";
import {ExplainPopover} from "../explain/explain_popover.esm";
import {_t} from "@web/core/l10n/translation";
import {formatDateTime} from "@web/core/l10n/dates";
import {useClock} from "./clock.esm";
import {usePopover} from "@web/core/popover/popover_hook";

// Nearly due: less than this share of the time is left (models/deadline/subject.py, NEARLY).
const NEARLY = 0.2;

// Tone -> class and icon: a colour never comes without a word and a sign of its own.
const TONES = {
    overdue: ["text-bg-danger", "fa-exclamation-circle"],
    nearly: ["text-bg-warning", "fa-hourglass-half"],
    running: ["text-bg-light border", "fa-clock-o"],
    paused: ["text-bg-secondary", "fa-pause"],
    met: ["text-bg-success", "fa-check"],
    late: ["text-bg-danger", "fa-exclamation-circle"],
    cancelled: ["text-bg-light border text-muted", "fa-ban"],
};

/**
 * @param {Number} minutes zero or more
 * @returns {String} a length of time in words, its two largest units
 */
export function timeWords(minutes) {
    const days = Math.floor(minutes / 1440);
    const hours = Math.floor((minutes % 1440) / 60);
    const rest = minutes % 60;
    if (days) {
        return _t("%(days)s d %(hours)s h", {days, hours});
    }
    if (hours) {
        return _t("%(hours)s h %(minutes)s min", {hours, minutes: rest});
    }
    return _t("%(minutes)s min", {minutes: rest});
}

/**
 * Where a clock stands, in words and colour: the time left, that it has passed, that it stands
 * still, how it ended. While it runs it shows elapsed time; the instant is in its tooltip. With
 * the id of its deadline it has a button that tells why it is due then.
 */
export class CountdownChip extends Component {
    static template = "crm_policy.CountdownChip";
    static props = {
        due: Object,
        start: {type: [Object, Boolean], optional: true},
        warn: {type: [Object, Boolean], optional: true},
        done: {type: [Object, Boolean], optional: true},
        state: {type: String, optional: true},
        paused: {type: Boolean, optional: true},
        lateness: {type: Number, optional: true},
        deadlineId: {type: Number, optional: true},
    };

    setup() {
        this.clock = useClock();
        this.popover = usePopover(ExplainPopover, {
            popoverClass: "o_policy_explain_popover",
            position: "bottom",
        });
    }

    get minutes() {
        return Math.round(this.props.due.diff(this.clock.now, "minutes").minutes);
    }

    get tone() {
        const {state, paused, due, start} = this.props;
        if (state && state !== "open") {
            return state;
        }
        if (paused) {
            return "paused";
        }
        if (this.minutes < 0) {
            return "overdue";
        }
        const warn = this.props.warn || (start && due.minus(due.diff(start).toMillis() * NEARLY));
        return warn && warn <= this.clock.now ? "nearly" : "running";
    }

    get look() {
        return TONES[this.tone][0];
    }

    get icon() {
        return TONES[this.tone][1];
    }

    get words() {
        const time = timeWords(Math.abs(this.minutes));
        switch (this.tone) {
            case "paused":
                return _t("paused");
            case "met":
                return _t("on time");
            case "late":
                return this.lateWords;
            case "cancelled":
                return _t("not asked for");
            case "overdue":
                return _t("overdue %(time)s", {time});
            case "nearly":
                return _t("only %(time)s left", {time});
        }
        return _t("%(time)s left", {time});
    }

    get lateWords() {
        const minutes = Math.ceil((this.props.lateness || 0) / 60);
        return minutes ? _t("late by %(time)s", {time: timeWords(minutes)}) : _t("late");
    }

    get tooltip() {
        return _t("Due %s", formatDateTime(this.props.due));
    }

    onExplain(ev) {
        if (this.popover.isOpen) {
            this.popover.close();
        } else {
            this.popover.open(ev.currentTarget, {deadlineId: this.props.deadlineId});
        }
    }
}
