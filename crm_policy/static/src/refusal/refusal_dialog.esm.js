import {WarningDialog} from "@web/core/errors/error_dialogs";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";

/**
 * A refusal of the policy: the sentence with its clause, and the button that does
 * what is allowed instead (exceptions.py, PolicyRefusal).
 */
export class PolicyRefusalDialog extends WarningDialog {
    static template = "crm_policy.RefusalDialog";

    setup() {
        super.setup();
        this.actionService = useService("action");
        const context = this.props.data.context || {};
        this.action = context.policy_action;
        this.button = context.policy_button;
    }

    async onClick() {
        this.props.close();
        const {context, ...action} = this.action;
        await this.actionService.doAction(action, {additionalContext: context});
        await this.actionService.doAction("soft_reload");
    }
}

registry.category("error_dialogs").add("crm_policy.PolicyRefusal", PolicyRefusalDialog);
