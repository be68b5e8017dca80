import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";
import {typeIn} from "@crm_policy/../tests/tours/case_steps.esm";

const tours = registry.category("web_tour.tours");
const next = (name) => `.o_statusbar_buttons button[name="${name}"]`;
const ask = (hotkeyStep) => `.o_statusbar_buttons button.btn-primary:contains("${hotkeyStep}")`;
const step = (value) => `.o_arrow_button_current[data-value="${value}"]`;

function openCase(subject) {
    return [
        {
            content: "open the case",
            trigger: `.o_data_row .o_data_cell:contains("${subject}")`,
            run: "click",
        },
    ];
}

function confirmText(text) {
    return [
        {
            content: "say it in a sentence",
            trigger: ".modal .o_field_widget[name=text] textarea",
            run: `edit ${text}`,
        },
        {trigger: ".modal button[name=action_policy_confirm]", run: "click"},
        {content: "the dialog is gone", trigger: "body:not(:has(.modal))"},
    ];
}

// The specialist takes a call, proposes more than he may grant, and submits it.
tours.add("crm_policy_complaint_intake", {
    steps: () => [
        ...typeIn("外箱破损", ["产品", "产品质量"], "到货 300 箱,12 箱受潮。"),
        {trigger: next("action_policy_accept"), run: "click"},
        {content: "accepted: the clocks run", trigger: step("accepted")},
        {trigger: ".o_policy_countdown"},
        {trigger: next("action_policy_register"), run: "click"},
        {content: "registered: it has a number", trigger: step("registered")},
        {trigger: "h1 .o_field_widget[name=policy_number]:contains(/^[0-9]{6}$/)"},
        {trigger: ask("首次响应"), run: "click"},
        ...confirmText("已致电客户,了解情况"),
        {trigger: "a.nav-link[name=policy_solution]", run: "click"},
        {
            trigger: ".o_field_widget[name=policy_remedy_ids] .o_field_x2many_list_row_add a",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=policy_remedy_ids] .o_selected_row [name=amount] input",
            run: "edit 5000",
        },
        ...stepUtils.saveForm(),
        {trigger: ask("提出方案"), run: "click"},
        ...confirmText("按出厂价补偿受潮产品"),
        {trigger: step("proposed")},
        {trigger: next("action_policy_decide"), run: "click"},
        {
            content: "refused, with the clause, the amount and the limit",
            trigger: ".o_policy_refusal:contains(4.1):contains(5,000.00):contains(500.00)",
        },
        {trigger: ".o_policy_refusal .modal-footer .btn-primary", run: "click"},
        {
            content: "submitted: it waits for the manager",
            trigger: ".o_form_view .alert-warning:not(.d-none)",
        },
    ],
});

// The manager finds the request and signs it.
tours.add("crm_policy_complaint_approve", {
    steps: () => [
        {trigger: ".o_data_row .o_data_cell[name=amount]:contains(5,000.00)", run: "click"},
        {trigger: ".o_statusbar_buttons button.btn-primary", run: "click"},
        {trigger: ".modal .o_field_widget[name=comment] textarea", run: "edit 同意"},
        {trigger: ".modal button.btn-primary[name=action_policy_confirm]", run: "click"},
        {content: "nothing else waits", trigger: ".o_view_nocontent_smiling_face"},
    ],
});

// The specialist decides, tells the customer and calls back.
tours.add("crm_policy_complaint_answer", {
    steps: () => [
        ...openCase("外箱破损"),
        {trigger: next("action_policy_decide"), run: "click"},
        {trigger: step("decided")},
        {trigger: next("action_policy_settle"), run: "click"},
        {trigger: step("settled")},
        {trigger: ask("告知结果"), run: "click"},
        ...confirmText("同意补偿 5000 元,本周内付款"),
        {trigger: step("replied")},
        {trigger: ask("回访"), run: "click"},
        {trigger: '.modal .o_field_widget[name=score] input[data-value="4"]', run: "click"},
        ...confirmText("客户满意,款已到账"),
        {trigger: step("called_back")},
    ],
});

// The supervisor re-checks the handling.
tours.add("crm_policy_complaint_recheck", {
    steps: () => [
        ...openCase("外箱破损"),
        {trigger: ask("复核"), run: "click"},
        ...confirmText("记录齐全,处理得当"),
        {trigger: next("action_policy_close")},
    ],
});

// The specialist closes the case.
tours.add("crm_policy_complaint_close", {
    steps: () => [
        ...openCase("外箱破损"),
        {trigger: next("action_policy_close"), run: "click"},
        {trigger: step("closed")},
    ],
});

// The manager makes the register of the month; the test reads the file itself.
tours.add("crm_policy_complaint_register", {
    steps: () => [
        {trigger: ".o_data_row .o_data_cell[name=name]", run: "click"},
        {trigger: next("action_policy_generate"), run: "click"},
        {trigger: next("action_policy_download")},
        {trigger: ".o_field_widget[name=line_count]:contains(1)"},
    ],
});
