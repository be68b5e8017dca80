import {registry} from "@web/core/registry";

const fill = [
    {trigger: ".o_list_button_add, .o_form_button_create", run: "click"},
    {
        trigger: ".o_field_widget[name=to_user_id] input",
        run: "edit t_supervisor",
    },
    {trigger: ".dropdown-item:contains(t_supervisor)", run: "click"},
    {trigger: ".o_field_widget[name=reason] input", run: "edit Trade fair"},
];

// A delegation comes into force by its button, not by leaving the page.
registry.category("web_tour.tours").add("crm_policy_delegation", {
    steps: () => [
        ...fill,
        {trigger: ".o_breadcrumb .o_back_button a, .breadcrumb-item a", run: "click"},
        {
            content: "who leaves is asked",
            trigger: ".modal .modal-body:contains(has no effect)",
        },
        {trigger: ".modal .btn-primary:contains(Keep Writing)", run: "click"},
        {trigger: "body:not(:has(.modal)) .o_field_widget[name=reason] input:value(Trade fair)"},
        {trigger: ".o_breadcrumb .o_back_button a, .breadcrumb-item a", run: "click"},
        {trigger: ".modal .btn-secondary:contains(Discard)", run: "click"},
        {content: "nothing was written", trigger: ".o_view_nocontent"},
        ...fill,
        {
            content: "what Odoo hides from whom may create only",
            trigger: ".o_form_button_cancel",
        },
        {
            trigger: ".o_statusbar_buttons .btn-primary:contains(Save and Put in Force)",
            run: "click",
        },
        {trigger: ".oe_title h1:contains(t_manager):contains(t_supervisor)"},
        {trigger: ".o_statusbar_buttons button[name=action_policy_revoke]"},
        {trigger: "body:not(:has(.o_form_button_save))"},
    ],
});
