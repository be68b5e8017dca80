import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");

function chooseMoment(name, label) {
    return [
        {
            content: `choose the moment ${label}`,
            trigger: `.modal .o_field_widget[name=${name}] input`,
            run: "click",
        },
        {trigger: `.o_select_menu_item:contains(${label})`, run: "click"},
    ];
}

// The specialist sees what is due, the most urgent first, and asks why.
tours.add("crm_policy_my_deadlines", {
    steps: () => [
        {
            content: "the groups come in the order of their urgency",
            trigger: ".o_group_header:contains(逾期) ~ .o_group_header:contains(稍后到期)",
        },
        {
            content: "colour, sign and word of a chip",
            trigger:
                ".o_data_row .o_policy_countdown.text-bg-danger[data-tone=overdue]:has(.fa-exclamation-circle):contains(逾期)",
        },
        {content: "why is it due then?", trigger: ".o_data_row .o_policy_explain", run: "click"},
        {
            content: "the rule, its clause, the account and its sum",
            trigger: ".o_policy_explanation:contains(3.2):contains(共计入):contains(24 小时)",
        },
        {trigger: ".o_policy_explanation .o_policy_counted"},
        {trigger: ".o_policy_explanation .btn-close", run: "click"},
        {trigger: "body:not(:has(.o_policy_explanation))"},
        {
            content: "a row is work to do: it opens the case",
            trigger: ".o_data_row .o_data_cell[name=name]:contains(投诉响应)",
            run: "click",
        },
        {trigger: ".o_form_view .o_policy_steps_bar"},
        {trigger: ".o_breadcrumb .o_back_button a, .breadcrumb-item a", run: "click"},
        {
            content: "the deadline itself",
            trigger: ".o_data_row:contains(投诉响应) button[name=get_formview_action]",
            run: "click",
        },
        {trigger: ".o_form_view .o_field_policy_account .o_policy_counted"},
        {trigger: "button[name=action_policy_open_document]", run: "click"},
        {
            content: "the case: its steps have dates",
            trigger:
                ".o_policy_steps_bar .o_arrow_button_current[data-value=accepted] .o_policy_step_date .fa-check",
        },
        {
            content: "the chip of the case",
            trigger: ".o_policy_next .o_policy_explain",
            run: "click",
        },
        {trigger: ".o_policy_explanation .o_policy_account"},
    ],
});

// The administrator makes a rule of a sentence of the draft, and tries it.
tours.add("crm_policy_rule_editor", {
    steps: () => [
        {trigger: ".o_statusbar_buttons button:contains(添加时限规则)", run: "click"},
        {trigger: ".modal .o_field_widget[name=name] input:value(四小时内电话告知)"},
        ...chooseMoment("start_path", "受理时间"),
        ...chooseMoment("done_path", "首次响应时间"),
        {
            trigger: ".modal .o_field_widget[name=duration] input",
            run: "edit 4 && press Tab",
        },
        {
            content: "the rule in words",
            trigger:
                ".modal .o_field_widget[name=sentence]:contains(自“受理时间”起 4 个工作小时内)",
        },
        {
            content: "try it: a Friday afternoon",
            trigger: ".modal .o_field_widget[name=try_at] :is(input, button)",
            run: "click",
        },
        {trigger: ".modal .o_field_widget[name=try_at] input", run: "edit 2026/03/06 16:00:00"},
        {trigger: ".modal .modal-header", run: "click"},
        {
            // Whatever zone the browser is in.
            content: "due on Monday, after the weekend",
            trigger: ".modal .o_policy_account:contains(03-09 周一):contains(共计入：4 小时)",
        },
        {trigger: ".modal .o_policy_closed:contains(非工作日)"},
        {trigger: ".modal .o_form_button_save", run: "click"},
        {trigger: "body:not(:has(.modal))"},
    ],
});
