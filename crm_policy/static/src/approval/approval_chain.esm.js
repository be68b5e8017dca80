import {Component} from "@odoo/owl";
import {Dropdown} from "@web/core/dropdown/dropdown";
import {DropdownItem} from "@web/core/dropdown/dropdown_item";
import {_t} from "@web/core/l10n/translation";
import {deserializeDateTime} from "@web/core/l10n/dates";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {useService} from "@web/core/utils/hooks";

const LOOKS = {
    approved: {icon: "fa-check", color: "success"},
    rejected: {icon: "fa-times", color: "danger"},
    returned: {icon: "fa-reply", color: "muted"},
    skipped: {icon: "fa-minus", color: "muted"},
    pending: {icon: "fa-hourglass-half", color: "warning"},
    waiting: {icon: "fa-circle-o", color: "muted"},
};

/**
 * The signatures of a request in their order, with who has signed, when, and for whom it waits; its
 * menu does what the user may do with the request now.
 */
export class ApprovalChainField extends Component {
    static template = "crm_policy.ApprovalChainField";
    static components = {Dropdown, DropdownItem};
    static props = {...standardFieldProps};

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.notification = useService("notification");
    }

    get chain() {
        return this.props.record.data[this.props.name] || null;
    }

    get turns() {
        const labels = {
            approve: [_t("Approve"), "fa-check"],
            reject: [_t("Reject"), "fa-times"],
            return: [_t("Send Back"), "fa-reply"],
            forward: [_t("Forward"), "fa-share"],
            add: [_t("Add Signer"), "fa-user-plus"],
            copy: [_t("Copy to Others"), "fa-files-o"],
            remind: [_t("Remind"), "fa-bell-o"],
            recall: [_t("Recall"), "fa-undo"],
        };
        return this.chain.turns.map((code) => ({
            code,
            label: labels[code][0],
            icon: labels[code][1],
        }));
    }

    look(step) {
        return step.state === "pending" && step.late
            ? {icon: "fa-exclamation", color: "danger"}
            : LOOKS[step.state];
    }

    stateWord(step) {
        const words = {
            approved: _t("Approved"),
            rejected: _t("Rejected"),
            returned: _t("Returned"),
            skipped: _t("Not needed"),
            pending: step.late ? _t("Overdue") : _t("To decide"),
            waiting: _t("Not yet"),
        };
        return words[step.state];
    }

    modeWord(step) {
        const words = {
            all: _t("all of them sign"),
            majority: _t("more than half sign"),
            quorum: _t("vote with a quorum"),
        };
        return words[step.mode] || "";
    }

    originWord(step) {
        return step.origin === "added" ? _t("added") : _t("handed on");
    }

    outcomeIcon(line) {
        const icons = {
            approved: "fa-check text-success",
            rejected: "fa-times text-danger",
            returned: "fa-reply text-muted",
            forwarded: "fa-share text-muted",
            added: "fa-user-plus text-muted",
        };
        return icons[line.outcome] || "";
    }

    outcomeWord(line) {
        const words = {
            approved: _t("approved"),
            rejected: _t("rejected"),
            returned: _t("sent back"),
            forwarded: _t("handed on"),
            added: _t("added a signer"),
        };
        return words[line.outcome];
    }

    instant(text) {
        return text ? deserializeDateTime(text).toFormat("MM-dd HH:mm") : "";
    }

    /** Whether a decision leads to the next request: not on a document that was opened from here. */
    get inInbox() {
        const {context, resModel} = this.props.record;
        return resModel === "crm.policy.approval" && Boolean(context.show_next_request);
    }

    async onTurn(code) {
        if (code === "recall" || code === "remind") {
            await this.orm.call("crm.policy.approval", `action_policy_${code}`, [[this.chain.id]]);
            if (code === "remind") {
                this.notification.add(_t("Whoever decides was reminded."), {type: "success"});
            }
            await this.props.record.model.load();
            return;
        }
        const action = await this.action.loadAction("crm_policy.approval_sign_action");
        const {label} = this.turns.find((turn) => turn.code === code);
        await this.action.doAction(
            {...action, name: label},
            {
                additionalContext: {
                    default_approval_id: this.chain.id,
                    default_outcome: code,
                    default_from_inbox: this.inInbox,
                },
                onClose: (infos) => infos?.noReload || this.props.record.model.load(),
            }
        );
    }
}

registry.category("fields").add("policy_approval_chain", {
    component: ApprovalChainField,
    supportedTypes: ["json"],
});
