import {Component} from "@odoo/owl";
import {deserializeDateTime, toLocaleDateTimeString} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {timeWords} from "../countdown/countdown_chip.esm";

const {DateTime} = luxon;

/**
 * What came of the call: its number to read out, and what is due by when under which clause.
 */
export class CallResultField extends Component {
    static template = "crm_policy.CallResultField";
    static props = {...standardFieldProps};

    get result() {
        return this.props.record.data[this.props.name];
    }

    due(deadline) {
        return toLocaleDateTimeString(deserializeDateTime(deadline.due));
    }

    left(deadline) {
        const due = deserializeDateTime(deadline.due);
        const minutes = Math.round(due.diff(DateTime.now(), "minutes").minutes);
        const time = timeWords(Math.abs(minutes));
        return minutes < 0 ? _t("overdue %(time)s", {time}) : _t("%(time)s left", {time});
    }
}

registry.category("fields").add("policy_call_result", {
    component: CallResultField,
    supportedTypes: ["json"],
});
