import {StatusBarField, statusBarField} from "@web/views/fields/statusbar/statusbar_field";
import {_t} from "@web/core/l10n/translation";
import {deserializeDateTime} from "@web/core/l10n/dates";
import {registry} from "@web/core/registry";

/**
 * The steps of a case, each with the instant at which it was taken or is due.
 */
export class StepBarField extends StatusBarField {
    static template = "crm_policy.StepBarField";

    /**
     * Only the steps of the case's own course: each policy, and each type of case, has another.
     */
    getAllItems() {
        const items = super.getAllItems();
        const dates = this.props.record.data.policy_step_dates;
        if (!dates) {
            return items;
        }
        // Some courses have a word of their own for a step.
        return items
            .filter(({value, isSelected}) => isSelected || dates[value])
            .map((item) => ({...item, label: dates[item.value]?.name || item.label}));
    }

    /**
     * On a desk the bar has a line of its own: all steps are shown, none hides in a menu.
     */
    adjustVisibleItems() {
        super.adjustVisibleItems();
        if (this.env.isSmall) {
            return;
        }
        const items = this.rootRef.el.querySelectorAll(".o_arrow_button:not(.dropdown-toggle)");
        items.forEach((item) => item.classList.remove("d-none"));
        this.items.before = [];
        this.items.after = [...this.items.folded];
        this.dropdownRef.el.classList.add("d-none");
        this.beforeRef.el.classList.add("d-none");
        this.afterRef.el.classList.toggle("d-none", !this.items.folded.length);
    }

    /**
     * @param {Object} item of the status bar
     * @returns {Object|null} text, look and title of the date under a step
     */
    stepDate(item) {
        const dates = (this.props.record.data.policy_step_dates || {})[item.value];
        if (!dates || !(dates.at || dates.due)) {
            return null;
        }
        const {at, due, late, paused} = dates;
        const text = deserializeDateTime(at || due).toFormat("MM-dd HH:mm");
        if (at) {
            return {
                text,
                icon: late ? "fa-exclamation-circle" : "fa-check",
                look: late ? "text-danger" : "text-muted",
                title: late ? _t("Done late") : _t("Done"),
            };
        }
        if (paused) {
            return {text, icon: "fa-pause", look: "text-muted", title: _t("Paused")};
        }
        return {
            text,
            icon: late ? "fa-exclamation-circle" : "fa-clock-o",
            look: late ? "text-danger fw-bold" : "text-muted",
            title: late ? _t("Overdue") : _t("Due"),
        };
    }
}

registry.category("fields").add("policy_step_bar", {
    ...statusBarField,
    component: StepBarField,
    // What Odoo's style sheets know it by.
    additionalClasses: ["o_field_statusbar"],
    fieldDependencies: [{name: "policy_step_dates", type: "json"}],
});
