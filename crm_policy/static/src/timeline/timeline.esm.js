import {Component, useState} from "@odoo/owl";
import {deserializeDateTime, formatDateTime} from "@web/core/l10n/dates";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {useRecordObserver} from "@web/model/relational_model/utils";
import {useService} from "@web/core/utils/hooks";

// The first part of an event's code says what kind of thing it is.
const ICONS = {
    approval: "fa-gavel",
    case: "fa-folder-open-o",
    customer: "fa-user-o",
    deadline: "fa-clock-o",
    emergency: "fa-ambulance",
    fact: "fa-check",
    oral: "fa-comment-o",
    pause: "fa-pause",
    violation: "fa-exclamation-triangle",
};
const LOOKS = {
    "approval.approved": "text-success",
    "approval.rejected": "text-danger",
    "case.cancelled": "text-muted",
    "case.crisis": "text-danger",
    "deadline.escalated": "text-danger",
    "deadline.overdue": "text-danger",
    "deadline.warned": "text-warning",
    "fact.closed": "text-success",
    "violation.opened": "text-danger",
};

/**
 * What happened to a case, newest first. It is read when somebody opens the page, not before.
 */
export class Timeline extends Component {
    static template = "crm_policy.Timeline";
    static props = {...standardWidgetProps};

    setup() {
        this.orm = useService("orm");
        this.state = useState({events: [], more: false});
        // Again after each step that is taken while the page is open.
        useRecordObserver(({resId, data}) => this.load(resId, data.write_date));
    }

    async load(resId) {
        const told = resId ? await this.read({}) : {events: [], more: false};
        Object.assign(this.state, told);
    }

    async onMore() {
        const told = await this.read({before: this.state.events.at(-1).id});
        this.state.events.push(...told.events);
        this.state.more = told.more;
    }

    read(kwargs) {
        const {resModel, resId} = this.props.record;
        return this.orm.call(resModel, "policy_timeline", [resId], kwargs);
    }

    when(text) {
        return formatDateTime(deserializeDateTime(text));
    }

    icon(event) {
        return ICONS[event.type.split(".")[0]] || "fa-file-text-o";
    }

    look(event) {
        return LOOKS[event.type] || "text-muted";
    }
}

registry.category("view_widgets").add("policy_timeline", {
    component: Timeline,
    fieldDependencies: [{name: "write_date", type: "datetime"}],
});
