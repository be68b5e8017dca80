import {ConfirmationDialog} from "@web/core/confirmation_dialog/confirmation_dialog";
import {FormController} from "@web/views/form/form_controller";
import {_t} from "@web/core/l10n/translation";
import {formView} from "@web/views/form/form_view";
import {registry} from "@web/core/registry";
import {useHotkey} from "@web/core/hotkeys/hotkey_hook";

const FIRST_BUTTON = ".o_dialog:not(.o_inactive_modal) .modal-footer button.btn-primary";
const TYPED = ["what", "answer", "contact_company"];

/**
 * The dialog of a call: Ctrl+Enter from anywhere, and no text is lost by a slip of Esc.
 */
export class CallFormController extends FormController {
    setup() {
        super.setup();
        if (this.env.dialogData) {
            this.env.dialogData.dismiss = () => this.confirmLoss();
        }
        useHotkey("control+enter", () => this.finish(), {bypassEditableProtection: true});
    }

    /**
     * Press the primary button. Which one it is may depend on the text that is being typed, so
     * that is taken over first.
     */
    async finish() {
        await this.model.root.isDirty();
        await new Promise(requestAnimationFrame);
        document.querySelector(FIRST_BUTTON)?.click();
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
