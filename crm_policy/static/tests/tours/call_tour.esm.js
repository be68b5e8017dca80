import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");
const field = (name, tag = "input") =>
    `.modal .o_policy_call .o_field_widget[name="${name}"] ${tag}`;
const focused = (name, tag) => `${field(name, tag)}:focus`;
const kind = (value) => `.modal .o_policy_call .o_radio_input[data-value="${value}"]`;
const nothingOpen = {content: "the dialog is gone", trigger: "body:not(:has(.modal))"};

// Alt+T from a list to the number, Ctrl+Enter to register: a complaint with a refused quantity,
// then an inquiry that is answered at once.
tours.add("crm_policy_call_keyboard", {
    steps: () => [
        {trigger: ".o_list_view"},
        {trigger: ".o_policy_call_systray", run: "press Alt+t"},
        {
            content: "the cursor is where the number goes",
            trigger: focused("caller"),
            run: "edit 0512-65551234",
        },
        {
            content: "while one types it says who calls, and what is open there",
            trigger:
                ".o_policy_call_card:contains(苏州恒达电子) .o_policy_call_case:contains(交期)",
        },
        {trigger: focused("caller"), run: "press Tab"},
        {trigger: focused("number"), run: "press Tab"},
        {trigger: focused("partner_id"), run: "press Tab"},
        {trigger: ".o_policy_call_case:focus", run: "press Tab"},
        {content: "then the kind", trigger: `${kind("inquiry")}:focus`},
        {trigger: kind("complaint"), run: "click"},
        {trigger: field("what", "textarea"), run: "edit 外箱破损"},
        {trigger: focused("what", "textarea"), run: "press Tab"},
        {trigger: focused("order_ref"), run: "edit S00125"},
        {trigger: field("quantity"), run: "edit 100"},
        {trigger: focused("quantity"), run: "press Tab"},
        {trigger: focused("defective_quantity"), run: "edit 150"},
        {content: "Esc asks first", trigger: field("defective_quantity"), run: "press Escape"},
        {
            trigger: ".modal:not(.o_inactive_modal) .modal-footer .btn-primary:focus",
            run: "press Escape",
        },
        {trigger: "body:not(:has(.o_dialog.o_inactive_modal))"},
        {trigger: field("defective_quantity"), run: "press Control+Enter"},
        {
            content: "refused by the server",
            trigger: ".modal:not(.o_inactive_modal) [role=alert]:contains(exceeds)",
            run: "press Escape",
        },
        {trigger: "body:not(:has(.o_dialog.o_inactive_modal))"},
        {content: "nothing is lost", trigger: `${field("what", "textarea")}:value(外箱破损)`},
        {trigger: `${field("order_ref")}:value(S00125)`},
        {trigger: field("defective_quantity"), run: "edit 50"},
        {trigger: field("defective_quantity"), run: "press Control+Enter"},
        {
            content: "its number, and two deadlines",
            trigger: ".o_policy_call_result:has(.o_policy_call_number) tbody tr:nth-child(2)",
        },
        {
            content: "the next call, without the mouse",
            trigger: ".modal .btn-primary[name=action_policy_next]:focus",
            run: "press Control+Enter",
        },
        {trigger: focused("caller"), run: "edit 恒达"},
        {trigger: ".o_policy_call_card:contains(苏州恒达电子)"},
        {trigger: kind("inquiry"), run: "click"},
        {trigger: field("what", "textarea"), run: "edit 何时发货?"},
        {trigger: focused("what", "textarea"), run: "press Tab"},
        {trigger: focused("answer", "textarea"), run: "edit 周五发货"},
        {
            content: "what was just typed counts",
            trigger: focused("answer", "textarea"),
            run: "press Control+Enter",
        },
        {trigger: ".o_policy_call_closed", run: "press Escape"},
        nothingOpen,
    ],
});

// What a phone system opens.
tours.add("crm_policy_call_incoming", {
    steps: () => [
        {
            content: "the zero of the area code is still there",
            trigger: `${field("caller")}:value(051265551234)`,
        },
        {trigger: ".o_policy_call_card:contains(苏州恒达电子)"},
        {trigger: `${field("rings")}:value(4)`},
        {trigger: ".modal .o_policy_call .badge.text-bg-warning"},
        {trigger: kind("query"), run: "click"},
        {trigger: field("what", "textarea"), run: "edit 检测结果"},
        {trigger: field("what", "textarea"), run: "press Control+Enter"},
        {trigger: ".modal button[name=action_policy_open_case]", run: "press Alt+w"},
        {trigger: ".o_form_view .o_field_widget[name=policy_kind]"},
        nothingOpen,
    ],
});

tours.add("crm_policy_call_known", {
    steps: () => [
        {
            content: "the case of this call, not a second one",
            trigger: '.o_form_view a.nav-link[name="policy_call"]',
            run: "click",
        },
        {trigger: ".o_field_widget[name=policy_call_ref]:contains(call-9)"},
        nothingOpen,
    ],
});
