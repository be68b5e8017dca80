import {Component, onWillUnmount, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {formatDateTime} from "@web/core/l10n/dates";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

const {DateTime} = luxon;
const REFRESH = 30000; // Milliseconds: the chip counts in minutes

/**
 * @param {Number} minutes from now; negative when they have passed
 * @returns {String} the time in words
 */
export function leftWords(minutes) {
    const total = Math.abs(minutes);
    const days = Math.floor(total / 1440);
    const hours = Math.floor((total % 1440) / 60);
    const rest = total % 60;
    let time = _t("%(minutes)s min", {minutes: rest});
    if (days) {
        time = _t("%(days)s d %(hours)s h", {days, hours});
    } else if (hours) {
        time = _t("%(hours)s h %(minutes)s min", {hours, minutes: rest});
    }
    return minutes < 0 ? _t("overdue %(time)s", {time}) : _t("%(time)s left", {time});
}

/**
 * Chip with the time left until a deadline: in words, red when it has passed, amber when
 * less than a fifth of it is left. It shows elapsed time; the due instant is in the tooltip.
 */
export class CountdownField extends Component {
    static template = "crm_policy.CountdownField";
    static props = {...standardFieldProps};

    setup() {
        this.clock = useState({now: DateTime.now()});
        const timer = setInterval(() => (this.clock.now = DateTime.now()), REFRESH);
        onWillUnmount(() => clearInterval(timer));
    }

    get due() {
        return this.props.record.data[this.props.name];
    }

    get minutes() {
        return Math.round(this.due.diff(this.clock.now, "minutes").minutes);
    }

    get tooltip() {
        return formatDateTime(this.due);
    }

    get tone() {
        if (this.minutes < 0) {
            return "text-bg-danger";
        }
        const warn = this.props.record.data.policy_next_warn_at;
        return warn && warn <= this.clock.now ? "text-bg-warning" : "text-bg-light border";
    }

    get words() {
        return leftWords(this.minutes);
    }
}

export const countdownField = {
    component: CountdownField,
    displayName: _t("Countdown"),
    supportedTypes: ["datetime"],
    fieldDependencies: [{name: "policy_next_warn_at", type: "datetime"}],
};

registry.category("fields").add("policy_countdown", countdownField);
