import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");

// The director signs on the phone: the counter, the inbox, the chain, the comment.
tours.add("crm_policy_approval_phone", {
    steps: () => [
        {
            content: "the counter says how many wait",
            trigger: ".o_policy_approvals_systray .badge:contains(2)",
        },
        {
            content: "two cards in the inbox",
            trigger: ".o_kanban_record:contains(20,000.00) ~ .o_kanban_record:contains(15,000.00)",
        },
        {
            content: "a card opens the request, it decides nothing",
            trigger: ".o_kanban_record:contains(15,000.00) .fw-bold",
            run: "click",
        },
        {
            content: "for whom it waits",
            trigger: ".o_policy_link_pending:contains(总监):contains(t_director)",
        },
        {
            content: "what one can do beside signing",
            trigger: ".o_policy_turns",
            run: "click",
        },
        {trigger: ".o-dropdown-item:contains(转交)"},
        {trigger: ".o-dropdown-item:contains(批准)", run: "click"},
        {
            trigger: ".modal .o_field_widget[name=comment] textarea",
            run: "edit 金额已核对",
        },
        {trigger: ".modal button[name=action_policy_confirm]", run: "click"},
        {trigger: "body:not(:has(.modal))"},
        {
            content: "signed: the chain ends",
            trigger: ".o_policy_link_approved:contains(金额已核对) ~ .o_policy_link_end",
        },
        {
            content: "one is left",
            trigger: ".o_policy_approvals_systray .badge:contains(1)",
        },
    ],
});

// At the desk: several at once.
tours.add("crm_policy_approval_bulk", {
    steps: () => [
        {trigger: ".o_data_row ~ .o_data_row"},
        {trigger: "thead .o_list_record_selector input", run: "click"},
        {
            trigger:
                ".o_control_panel button:contains(批准), .o_list_buttons button:contains(批准)",
            run: "click",
        },
        {trigger: ".modal .o_field_widget[name=comment] textarea", run: "edit 已核对"},
        {trigger: ".modal button[name=action_policy_confirm]", run: "click"},
        {trigger: "body:not(:has(.modal))"},
        {content: "nothing is left", trigger: ".o_view_nocontent"},
        {trigger: "body:not(:has(.o_policy_approvals_systray .badge))"},
    ],
});

// A request with several signatures: each has its place in the chain.
tours.add("crm_policy_approval_chain", {
    steps: () => [
        {trigger: ".o_policy_link_approved:contains(t_manager):contains(金额合理)"},
        {
            content: "the second step waits",
            trigger: ".o_policy_link_pending[aria-current=step]:contains(t_finance)",
        },
        {content: "the third has not begun", trigger: ".o_policy_link_waiting .fa-circle-o"},
        {trigger: ".o_policy_turns", run: "click"},
        {
            content: "of those who sign together nobody hands his voice over",
            trigger:
                ".o-dropdown--menu:has(.fa-user-plus):not(:has(.fa-share)) .o-dropdown-item .fa-reply",
            run: "click",
        },
        {
            content: "the window says what it does",
            trigger: ".modal .btn-primary[data-hotkey=q]:visible",
        },
    ],
});
