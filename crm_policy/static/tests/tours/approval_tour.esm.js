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
        {
            // First of all: it goes away by itself.
            content: "what was done, and how many are left",
            trigger: ".o_notification:contains(已批准)",
        },
        {trigger: "body:not(:has(.modal))"},
        {
            content: "the next one is there already",
            trigger: ".o_field_widget[name=amount]:contains(20,000.00)",
        },
        {
            content: "one is left",
            trigger: ".o_policy_approvals_systray .badge:contains(1)",
        },
        {
            content: "it can be decided",
            trigger: ".o_policy_link_pending:contains(t_director)",
        },
        {trigger: ".o_policy_turns", run: "click"},
        {trigger: ".o-dropdown-item:contains(驳回)", run: "click"},
        {
            trigger: ".modal .o_field_widget[name=comment] textarea",
            run: "edit 证据不足",
        },
        {trigger: ".modal button[name=action_policy_confirm]:visible", run: "click"},
        {content: "the inbox is empty", trigger: ".o_kanban_view .o_view_nocontent_smiling_face"},
        {trigger: "body:not(:has(.o_policy_approvals_systray .badge)):not(:has(.modal))"},
    ],
});

// What waits for whom, on the phone: cards with their amounts, and the way to the request.
tours.add("crm_policy_approval_money_phone", {
    steps: () => [
        {
            content: "a column for each role, with its sum",
            trigger: ".o_kanban_group .o_kanban_counter:contains(15,000)",
        },
        {trigger: ".o_kanban_record:contains(15,000.00)", run: "click"},
        {content: "the request", trigger: ".o_form_view .o_policy_link_pending"},
    ],
});

// At the desk: one after the other, by the buttons of the form.
tours.add("crm_policy_approval_next", {
    steps: () => [
        {trigger: ".o_data_row:contains(6,000.00) .o_data_cell[name=name]", run: "click"},
        {
            content: "the second of three",
            trigger: ".o_pager:contains(2):contains(3)",
        },
        {trigger: ".o_statusbar_buttons button:contains(批准)", run: "click"},
        {trigger: ".modal button[name=action_policy_confirm]:visible", run: "click"},
        {
            content: "the one below",
            trigger: ".o_form_view .o_field_widget[name=amount]:contains(5,000.00)",
        },
        {content: "the pager goes through what is left", trigger: ".o_pager:contains(2 / 2)"},
        {
            content: "the way back is the inbox alone, not what was decided",
            trigger:
                ".o_breadcrumb:has(.breadcrumb-item):not(:has(.breadcrumb-item ~ .breadcrumb-item))",
        },
        {trigger: ".o_statusbar_buttons button:contains(批准)", run: "click"},
        {trigger: ".modal button[name=action_policy_confirm]:visible", run: "click"},
        {
            content: "from the end of the list to its beginning",
            trigger: ".o_form_view .o_field_widget[name=amount]:contains(7,000.00)",
        },
        {trigger: ".o_statusbar_buttons button:contains(批准)", run: "click"},
        {trigger: ".modal button[name=action_policy_confirm]:visible", run: "click"},
        {
            content: "nothing is left",
            trigger: ".o_list_view .o_view_nocontent_smiling_face",
        },
        {trigger: "body:not(:has(.o_policy_approvals_systray .badge)):not(:has(.modal))"},
    ],
});

// Opened by a link: one stays with the request and sees what came of it.
tours.add("crm_policy_approval_stay", {
    steps: () => [
        {trigger: ".o_statusbar_buttons button:contains(批准)", run: "click"},
        {
            trigger: ".modal .o_field_widget[name=comment] textarea",
            run: "edit 金额已核对",
        },
        {trigger: ".modal button[name=action_policy_confirm]:visible", run: "click"},
        {trigger: "body:not(:has(.modal))"},
        {
            content: "signed: the chain ends",
            trigger: ".o_policy_link_approved:contains(金额已核对) ~ .o_policy_link_end",
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

// At the desk: by the document behind a request, signed where it stands; then back to the inbox.
tours.add("crm_policy_approval_document", {
    steps: () => [
        {
            content: "the counter says how many wait",
            trigger: ".o_policy_approvals_systray .badge:contains(2)",
        },
        {
            content: "where nothing is paid no amount stands",
            trigger:
                ".o_data_row:not(:contains(5,000.00)):not(:contains(0.00)) .o_data_cell[name=name]",
        },
        {trigger: ".o_data_row:contains(5,000.00) .o_data_cell[name=name]", run: "click"},
        {
            trigger: ".o_statusbar_buttons button[name=action_policy_open_document]",
            run: "click",
        },
        {
            content: "the case, with what is to be decided",
            trigger: ".o_notebook .nav-link[name=policy_solution]",
            run: "click",
        },
        {
            trigger:
                ".o_field_widget[name=policy_remedy_ids] .o_data_row:contains(5,000.00) button[name=get_formview_action]",
            run: "click",
        },
        {
            content: "it waits for the one who reads it",
            trigger: ".o_policy_link_pending:contains(t_manager)",
        },
        {trigger: ".o_policy_turns", run: "click"},
        {trigger: ".o-dropdown-item:contains(批准)", run: "click"},
        {
            trigger: ".modal .o_field_widget[name=comment] textarea",
            run: "edit 单据齐全",
        },
        {trigger: ".modal button[name=action_policy_confirm]:visible", run: "click"},
        {trigger: "body:not(:has(.modal))"},
        {content: "signed", trigger: ".o_policy_link_approved:contains(单据齐全)"},
        {
            content: "one is left",
            trigger: ".o_policy_approvals_systray .badge:contains(1)",
        },
        {
            content: "the counter is the way back",
            trigger: ".o_policy_approvals_systray button, .o_policy_approvals_systray a",
            run: "click",
        },
        {
            content: "what was signed is not in the inbox any more",
            trigger: ".o_list_view:has(.o_data_row):not(:has(.o_data_row:contains(5,000.00)))",
        },
    ],
});
