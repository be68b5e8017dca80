import {Component, onWillStart, useRef, useState} from "@odoo/owl";
import {Account} from "./account.esm";
import {useAutofocus, useService} from "@web/core/utils/hooks";

/**
 * Why a deadline is due when it is, beside its chip.
 */
export class ExplainPopover extends Component {
    static template = "crm_policy.ExplainPopover";
    static components = {Account};
    static props = {deadlineId: Number, close: {type: Function, optional: true}};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({told: null});
        useAutofocus({refName: "title"});
        this.title = useRef("title");
        onWillStart(async () => {
            this.state.told = await this.orm.call("crm.policy.deadline", "explain", [
                this.props.deadlineId,
            ]);
        });
    }

    async onPrint() {
        const action = await this.orm.call(
            "crm.policy.deadline",
            "action_policy_print_explanation",
            [[this.props.deadlineId]]
        );
        await this.action.doAction(action);
    }
}
