import {ConfirmationDialog} from "@web/core/confirmation_dialog/confirmation_dialog";
import {FormController} from "@web/views/form/form_controller";
import {_t} from "@web/core/l10n/translation";
import {formView} from "@web/views/form/form_view";
import {registry} from "@web/core/registry";

/**
 * The form of what is written once and never changed: it is saved by its button alone. Odoo saves
 * what one leaves, be it for another tab of the browser, and shows neither "Save" nor "Discard" to
 * whom may create but not change: a delegation would come into force behind its writer's back.
 */
export class WriteOnceFormController extends FormController {
    static template = "crm_policy.WriteOnceForm";

    beforeVisibilityChange() {
        return this.model.root.isNew ? undefined : super.beforeVisibilityChange();
    }

    beforeUnload(ev) {
        const {root} = this.model;
        if (!root.isNew) {
            return super.beforeUnload(ev);
        }
        // A browser asks only where it is told so before anything is waited for.
        if (root.dirty) {
            ev.preventDefault();
            ev.returnValue = "Unsaved changes";
        }
        return undefined;
    }

    async beforeLeave({forceLeave} = {}) {
        const {root} = this.model;
        if (!root.isNew || forceLeave || !(await root.isDirty())) {
            return super.beforeLeave(...arguments);
        }
        return this.confirmLoss();
    }

    async create() {
        if ((await this.beforeLeave()) !== false) {
            await super.create();
        }
    }

    /**
     * @returns {Promise<Boolean>} whether what was typed was given up
     */
    confirmLoss() {
        return new Promise((resolve) => {
            const stay = () => resolve(false);
            this.dialogService.add(ConfirmationDialog, {
                title: _t("Leave Without Saving?"),
                body: _t("It is not saved yet and has no effect. What you typed would be lost."),
                confirmLabel: _t("Keep Writing"),
                cancelLabel: _t("Discard"),
                confirm: stay,
                cancel: async () => {
                    await this.model.root.discard();
                    resolve(true);
                },
                dismiss: stay,
            });
        });
    }
}

registry.category("views").add("policy_write_once_form", {
    ...formView,
    Controller: WriteOnceFormController,
});
