import {ConfirmationDialog} from "@web/core/confirmation_dialog/confirmation_dialog";
import {FormController} from "@web/views/form/form_controller";
import {_t} from "@web/core/l10n/translation";
import {formView} from "@web/views/form/form_view";
import {registry} from "@web/core/registry";

const TYPED = ["what", "answer", "contact_company"];

/**
 * The dialog of a call: no text is lost by a slip of Esc. Ctrl+Enter is the dialog's own; it
 * presses the first button, which closes the case at once or not by what has been typed until then.
 */
export class CallFormController extends FormController {
    setup() {
        super.setup();
        if (this.env.dialogData) {
            this.env.dialogData.dismiss = () => this.confirmLoss();
        }
    }

    /**
     * @returns {Promise} pending for good when the dialog is to stay: the dialog closes after it
     */
    async confirmLoss() {
        await this.model.root.isDirty();
        const {data} = this.model.root;
        if (data.registered_id || !TYPED.some((name) => data[name])) {
            return;
        }
        await new Promise((resolve) => {
            const stay = () => undefined;
            this.dialogService.add(ConfirmationDialog, {
                title: _t("Discard the Call?"),
                body: _t("The call is not registered yet. What you typed would be lost."),
                confirmLabel: _t("Go On"),
                cancelLabel: _t("Discard"),
                confirm: stay,
                cancel: resolve,
                dismiss: stay,
            });
        });
    }
}

registry.category("views").add("policy_call_form", {
    ...formView,
    Controller: CallFormController,
});
