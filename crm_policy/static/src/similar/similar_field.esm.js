import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {deserializeDateTime, formatDate} from "@web/core/l10n/dates";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {useService} from "@web/core/utils/hooks";

/**
 * A warning above a case: the same customer has reported the same order or item before. It leads
 * to the cases that the reader may see, and takes no room where there are none.
 */
export class SimilarField extends Component {
    static template = "crm_policy.SimilarField";
    static props = {...standardFieldProps};

    setup() {
        this.action = useService("action");
    }

    get cases() {
        return this.props.record.data[this.props.name] || [];
    }

    sameWords(one) {
        const words = {order: _t("same order"), item: _t("same item")};
        return one.same.map((reason) => words[reason]);
    }

    received(one) {
        return formatDate(deserializeDateTime(one.received));
    }

    open(one) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "helpdesk.ticket",
            res_id: one.id,
            views: [[false, "form"]],
        });
    }
}

registry.category("fields").add("policy_similar", {
    component: SimilarField,
    supportedTypes: ["json"],
    label: false,
});
