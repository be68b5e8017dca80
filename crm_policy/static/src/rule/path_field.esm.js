import {Component, onWillStart, onWillUpdateProps, useState} from "@odoo/owl";
import {ModelFieldSelector} from "@web/core/model_field_selector/model_field_selector";
import {SelectMenu} from "@web/core/select_menu/select_menu";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {useService} from "@web/core/utils/hooks";

const TYPES = {instant: ["datetime"], number: ["float", "integer"]};

/**
 * A dotted path to a field of the model that another field names, chosen by its label. What
 * lies behind a link (at most two) is reached with Odoo's own selector.
 */
export class PathField extends Component {
    static template = "crm_policy.PathField";
    static components = {ModelFieldSelector, SelectMenu};
    static props = {
        ...standardFieldProps,
        model: String,
        of: String,
        placeholder: {type: String, optional: true},
    };

    setup() {
        this.fieldService = useService("field");
        this.state = useState({choices: [], linked: false, chosen: null});
        onWillStart(() => this.load(this.props));
        onWillUpdateProps((props) => this.load(props));
    }

    async load(props) {
        const model = props.record.data[props.model];
        if (!model || model === this.model) {
            return;
        }
        this.model = model;
        const fields = await this.fieldService.loadFields(model, {
            attributes: ["string", "type", "store"],
        });
        this.state.choices = Object.entries(fields)
            .filter(([, field]) => this.fits(field))
            .map(([value, field]) => ({value, label: field.string}))
            .sort(this.compare);
        // Two fields of one name are told apart by the technical one.
        const seen = new Set();
        for (const choice of this.state.choices) {
            if (seen.has(choice.label)) {
                choice.label = `${choice.label} (${choice.value})`;
            }
            seen.add(choice.label);
        }
    }

    /**
     * What a policy asks for comes first: the facts that its actions record.
     */
    compare(one, other) {
        const [first, second] = [one, other].map(({value}) => !value.startsWith("policy_"));
        return first - second || one.label.localeCompare(other.label);
    }

    fits(field) {
        return field.store && TYPES[this.props.of].includes(field.type);
    }

    get path() {
        return this.state.chosen ?? (this.props.record.data[this.props.name] || "");
    }

    get isLinked() {
        return this.state.linked || this.path.includes(".");
    }

    get label() {
        const choice = this.state.choices.find(({value}) => value === this.path);
        return choice ? choice.label : this.path;
    }

    get selector() {
        return {
            resModel: this.props.record.data[this.props.model],
            path: this.path,
            readonly: this.props.readonly,
            update: (path) => this.update(path),
            filter: (field) => field.type === "many2one" || this.fits(field),
            allowEmpty: true,
        };
    }

    get toggleTitle() {
        return this.isLinked
            ? _t("A field of the document itself")
            : _t("A field of something linked");
    }

    onToggle() {
        this.state.linked = !this.isLinked;
        if (!this.state.linked) {
            this.update(false);
        }
    }

    /**
     * Shown at once: who goes on to the next field while the server still answers would leave an
     * empty input behind, and with it an empty path.
     */
    async update(path) {
        this.state.chosen = path || "";
        try {
            await this.props.record.update({[this.props.name]: path || false});
        } finally {
            this.state.chosen = null;
        }
    }
}

registry.category("fields").add("policy_path", {
    component: PathField,
    displayName: _t("Path to a field"),
    supportedTypes: ["char"],
    supportedOptions: [
        {label: _t("Field with the model"), name: "model", type: "string"},
        {label: _t("Of"), name: "of", type: "string"},
    ],
    extractProps: ({options, placeholder}) => ({
        model: options.model || "model_name",
        of: options.of || "instant",
        placeholder,
    }),
    fieldDependencies: [{name: "model_name", type: "char"}],
});
