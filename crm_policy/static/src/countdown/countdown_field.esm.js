import {Component} from "@odoo/owl";
import {CountdownChip} from "./countdown_chip.esm";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/**
 * The chip of a governed document: its deadline that falls due next.
 */
export class CountdownField extends Component {
    static template = "crm_policy.CountdownField";
    static components = {CountdownChip};
    static props = {...standardFieldProps, explain: {type: Boolean, optional: true}};

    get chip() {
        const data = this.props.record.data;
        return {
            due: data[this.props.name],
            warn: data.policy_next_warn_at,
            paused: Boolean(data.policy_next_paused),
            deadlineId: (this.props.explain && data.policy_next_clock) || undefined,
        };
    }
}

/**
 * The chip of a deadline itself.
 */
export class DeadlineChipField extends CountdownField {
    get chip() {
        const {data, resId} = this.props.record;
        return {
            due: data[this.props.name],
            start: data.start_at,
            done: data.done_at,
            state: data.state,
            paused: Boolean(data.paused_at),
            lateness: data.lateness_seconds,
            deadlineId: (this.props.explain && resId) || undefined,
        };
    }
}

const common = {
    supportedTypes: ["datetime"],
    supportedOptions: [{label: _t("Without explanation"), name: "plain", type: "boolean"}],
    extractProps: ({options}) => ({explain: !options.plain}),
};

registry.category("fields").add("policy_countdown", {
    ...common,
    component: CountdownField,
    displayName: _t("Countdown"),
    fieldDependencies: [
        {name: "policy_next_warn_at", type: "datetime"},
        {name: "policy_next_paused", type: "boolean"},
        {name: "policy_next_clock", type: "integer"},
    ],
});

registry.category("fields").add("policy_deadline_chip", {
    ...common,
    component: DeadlineChipField,
    displayName: _t("Countdown of a deadline"),
    fieldDependencies: [
        {name: "start_at", type: "datetime"},
        {name: "done_at", type: "datetime"},
        {name: "state", type: "selection"},
        {name: "paused_at", type: "datetime"},
        {name: "lateness_seconds", type: "integer"},
    ],
});
