import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

const KINDS = {
    counted: ["fa-play", _t("Counted")],
    closed: ["fa-moon-o", _t("Not counted")],
    paused: ["fa-pause", _t("Paused")],
};

/**
 * The rows of an account of time: what counted, what did not and why, and the sum.
 */
export class Account extends Component {
    static template = "crm_policy.Account";
    static props = {told: Object};

    icon(row) {
        return KINDS[row.kind][0];
    }

    kind(row) {
        return KINDS[row.kind][1];
    }
}

/**
 * A JSON field that holds an account.
 */
export class AccountField extends Component {
    static template = "crm_policy.AccountField";
    static components = {Account};
    static props = {...standardFieldProps};

    get told() {
        return this.props.record.data[this.props.name];
    }
}

registry.category("fields").add("policy_account", {
    component: AccountField,
    displayName: _t("Account of time"),
    supportedTypes: ["json"],
});
