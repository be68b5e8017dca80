import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {deserializeDateTime, formatDate} from "@web/core/l10n/dates";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/**
 * Who calls, whom else the number may be, and the cases that it may be about. Everything on it is
 * a button, so that Tab and Enter are enough.
 */
export class CallCardField extends Component {
    static template = "crm_policy.CallCardField";
    static props = {...standardFieldProps};

    get card() {
        return this.props.record.data[this.props.name] || {candidates: [], cases: []};
    }

    get isUnknown() {
        const {partner, candidates} = this.card;
        return this.props.record.data.caller && !partner && !candidates.length;
    }

    get chosen() {
        return this.props.record.data.case_id?.id;
    }

    get isSimilar() {
        return this.card.cases.some((one) => one.same.length);
    }

    sameWords(one) {
        const words = {
            order: _t("same order"),
            item: _t("same item"),
            kind: _t("same kind"),
        };
        return one.same.map((reason) => words[reason]);
    }

    received(one) {
        return formatDate(deserializeDateTime(one.received));
    }

    choosePartner(partner) {
        this.props.record.update({
            partner_id: {id: partner.id, display_name: partner.name},
        });
    }

    chooseCase(one) {
        this.props.record.update({
            case_id: this.chosen === one.id ? false : {id: one.id, display_name: one.number},
        });
    }
}

registry.category("fields").add("policy_call_card", {
    component: CallCardField,
    supportedTypes: ["json"],
});
