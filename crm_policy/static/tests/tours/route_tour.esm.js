import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";
import {typeIn} from "@crm_policy/../tests/tours/case_steps.esm";

// The full route of a manufacturer's complaint: each of these is one login at one desk. The test
// opens the case, steps the clock and says who sits there.
const tours = registry.category("web_tour.tours");
const next = (name) => `.o_statusbar_buttons button[name="${name}"]:visible`;
const ask = (label) => `.o_statusbar_buttons button.btn-primary:visible:contains("${label}")`;
const step = (value) => `.o_arrow_button_current[data-value="${value}"]`;
const page = (name) => ({trigger: `a.nav-link[name=${name}]`, run: "click"});

function confirmText(name, text) {
    return [
        {trigger: `.modal .o_field_widget[name=${name}] textarea`, run: `edit ${text}`},
        {trigger: ".modal button[name=action_policy_confirm]", run: "click"},
        {content: "the dialog is gone", trigger: "body:not(:has(.modal))"},
    ];
}

// The specialist takes the complaint of a customer and accepts it.
tours.add("crm_policy_route_intake", {
    steps: () => [
        ...typeIn("边缘分层", ["完整流程", "完整流程"], "150 片边缘分层。"),
        {trigger: next("action_policy_accept"), run: "click"},
        {content: "accepted", trigger: step("accepted")},
        {
            content: "the bar has the milestones of this course",
            trigger: ".o_arrow_button[data-value=investigated]",
        },
        {
            content: "what has no date yet shows none",
            trigger: ".o_arrow_button[data-value=mandated]:not(:has(.fa))",
        },
    ],
});

// The general manager's office numbers it.
tours.add("crm_policy_route_register", {
    steps: () => [
        {trigger: next("action_policy_register"), run: "click"},
        {trigger: step("registered")},
        {trigger: "h1 .o_field_widget[name=policy_number]:contains(/^[0-9]{6}$/)"},
    ],
});

// The specialist answers the customer, proposes a solution and writes down the remedy.
tours.add("crm_policy_route_propose", {
    steps: () => [
        {trigger: ask("首次响应"), run: "click"},
        ...confirmText("text", "已致电客户，取样中"),
        page("policy_solution"),
        {
            trigger: ".o_field_widget[name=policy_remedy_ids] .o_field_x2many_list_row_add a",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=policy_remedy_ids] .o_selected_row [name=amount] input",
            run: "edit 500",
        },
        ...stepUtils.saveForm(),
        {trigger: ask("提出方案"), run: "click"},
        ...confirmText("text", "退换不良品并折让"),
        {trigger: step("proposed")},
    ],
});

// A department gives the opinion that it was asked for.
tours.add("crm_policy_route_answer", {
    steps: () => [
        page("policy_countersign"),
        {
            trigger: ".o_field_widget[name=policy_countersign_ids] button:contains(答复):visible",
            run: "click",
        },
        ...confirmText("opinion", "已核实"),
        {content: "it is there", trigger: ".o_data_row td[name=opinion]:contains(已核实)"},
    ],
});

// Whoever may sign signs the request that waits for him.
tours.add("crm_policy_route_sign", {
    steps: () => [
        {trigger: ".o_data_row .o_data_cell[name=amount]:contains(500.00)", run: "click"},
        {trigger: ".o_statusbar_buttons button.btn-primary", run: "click"},
        {trigger: ".modal .o_field_widget[name=comment] textarea", run: "edit 同意"},
        {trigger: ".modal button.btn-primary[name=action_policy_confirm]", run: "click"},
        {content: "nothing else waits", trigger: ".o_view_nocontent_smiling_face"},
    ],
});

// The specialist writes down a talk with the customer.
tours.add("crm_policy_route_negotiate", {
    steps: () => [
        page("policy_countersign"),
        {
            trigger: ".o_field_widget[name=policy_negotiation_ids] .o_field_x2many_list_row_add a",
            run: "click",
        },
        {trigger: ".modal .o_field_widget[name=contact] input", run: "edit 李经理"},
        {trigger: ".modal .o_field_widget[name=position] input[data-value=accept]", run: "click"},
        {trigger: ".modal .o_field_widget[name=text] textarea", run: "edit 客户同意"},
        {trigger: ".modal .o_form_button_save", run: "click"},
        {trigger: ".o_data_row td[name=contact]:contains(李经理)"},
        ...stepUtils.saveForm(),
    ],
});

// His superior has read it.
tours.add("crm_policy_route_review", {
    steps: () => [
        page("policy_countersign"),
        {
            trigger:
                ".o_field_widget[name=policy_negotiation_ids] button[name=action_policy_review]",
            run: "click",
        },
        {
            trigger:
                ".o_field_widget[name=policy_negotiation_ids]:not(:has(button[name=action_policy_review]))",
        },
    ],
});

// The specialist has the remedy signed.
tours.add("crm_policy_route_submit", {
    steps: () => [
        {trigger: ask("提交审批"), run: "click"},
        {trigger: ".o_form_view .alert-warning:not(.d-none)"},
    ],
});

// The signature has settled the case: the customer is told.
tours.add("crm_policy_route_reply", {
    steps: () => [
        {trigger: step("settled")},
        {trigger: ask("告知结果"), run: "click"},
        {trigger: '.modal .o_field_widget[name=score] input[data-value="4"]', run: "click"},
        ...confirmText("text", "同意折让 500 元"),
        {trigger: step("replied")},
    ],
});

// On its day he is called.
tours.add("crm_policy_route_callback", {
    steps: () => [
        {trigger: ask("回访"), run: "click"},
        {trigger: '.modal .o_field_widget[name=score] input[data-value="4"]', run: "click"},
        ...confirmText("text", "客户认可"),
        {trigger: step("called_back")},
    ],
});

// Somebody else looks whether everything was done.
tours.add("crm_policy_route_recheck", {
    steps: () => [
        {trigger: ask("复核"), run: "click"},
        ...confirmText("text", "记录齐全"),
        {trigger: next("action_policy_close")},
    ],
});

// The specialist closes it, and reads what happened from the first call on.
tours.add("crm_policy_route_close", {
    steps: () => [
        {trigger: next("action_policy_close"), run: "click"},
        {trigger: step("closed")},
        page("policy_timeline"),
        {trigger: ".o_policy_timeline_clause:contains(5.4)"},
    ],
});
