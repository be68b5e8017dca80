import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");
const SAID = "客户当天要答复，我先口头答应了。";

// The person explains what he is reported for.
tours.add("crm_policy_violation_explain", {
    steps: () => [
        {trigger: ".o_data_row:contains(4.2) .o_data_cell[name=number]", run: "click"},
        {trigger: ".o_form_view .alert:contains(说明)"},
        {trigger: ".o_statusbar_buttons button:contains(说明)", run: "click"},
        {
            content: "the cursor is where he writes",
            trigger: ".modal .o_field_widget[name=text] textarea:focus",
            run: `edit ${SAID}`,
        },
        {trigger: ".modal button[name=action_policy_confirm]", run: "click"},
        {trigger: "body:not(:has(.modal))"},
        {trigger: ".o_arrow_button_current:contains(已说明)"},
        {trigger: `.o_field_widget[name=explanation]:contains(${SAID})`},
    ],
});

// His manager has read it, and upholds.
tours.add("crm_policy_violation_uphold", {
    steps: () => [
        {trigger: ".o_data_row:contains(4.2) .o_data_cell[name=number]", run: "click"},
        {trigger: ".o_statusbar_buttons button:contains(认定成立)", run: "click"},
        {
            content: "what the person says stands in the dialog",
            trigger: `.modal .o_field_widget[name=explanation]:contains(${SAID})`,
        },
        {
            trigger: ".modal .o_field_widget[name=text] textarea:focus",
            run: "edit 审批前不得承诺。",
        },
        {trigger: ".modal button[name=action_policy_confirm]", run: "click"},
        {trigger: "body:not(:has(.modal))"},
        {trigger: ".ribbon:contains(认定成立)"},
        {trigger: ".o_field_widget[name=decision_text]:contains(审批前不得承诺。)"},
    ],
});
