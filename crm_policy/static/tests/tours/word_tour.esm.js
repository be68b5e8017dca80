import {registry} from "@web/core/registry";
import {typeIn} from "@crm_policy/../tests/tours/case_steps.esm";

const tours = registry.category("web_tour.tours");
const card = (words) => `.o_policy_suggestions .o_kanban_record:has(mark:contains("${words}"))`;
const WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/**
 * Hand over the file of the test as if somebody had chosen it.
 */
async function chooseFile() {
    const answer = await fetch("/crm_policy/word_tour.docx");
    const file = new File([await answer.blob()], "客户投诉管理制度.docx", {type: WORD});
    const transfer = new DataTransfer();
    transfer.items.add(file);
    const input = document.querySelector(".modal .o_field_widget[name=file] input[type=file]");
    input.files = transfer.files;
    input.dispatchEvent(new Event("change", {bubbles: true}));
}

// The administrator uploads the policy, decides about its suggestions and hands the draft over.
tours.add("crm_policy_word_upload", {
    steps: () => [
        {trigger: "button[name=action_policy_check]"},
        {
            content: "choose the Word file",
            trigger: ".modal .o_field_widget[name=file]",
            run: chooseFile,
        },
        {trigger: ".modal .o_field_widget[name=file] .o_input:value(客户投诉管理制度.docx)"},
        {trigger: ".modal .o_field_widget[name=policy_id] input", run: "edit 客户服务"},
        {trigger: ".o-autocomplete--dropdown-item:contains(客户服务)", run: "click"},
        {trigger: ".modal button[name=action_policy_check]", run: "click"},
        {
            content: "see the clauses before anything is written",
            trigger: ".modal .o_field_widget[name=clause_count]:contains(52)",
        },
        {trigger: ".modal .o_field_widget[name=preview]:contains(每月5日前)"},
        {trigger: ".modal button[name=action_policy_apply]", run: "click"},
        {
            content: "the suggestions stand beside their sentences",
            trigger: ".o_field_widget[name=suggestion_open_count]:contains(25)",
        },
        {
            content: "accept one",
            trigger: `${card("30分钟")} button[name=action_policy_accept]`,
            run: "click",
        },
        {trigger: ".o_field_widget[name=suggestion_open_count]:contains(24)"},
        {
            content: "correct one that is not complete: what must be done is not said",
            trigger: `${card("两天内")} button[name=action_policy_correct]`,
            run: "click",
        },
        {trigger: ".modal .o_field_widget[name=done_path] input", run: "click"},
        {trigger: ".o_select_menu_item:contains(提出方案时间)", run: "click"},
        {trigger: ".modal .o_field_widget[name=rule_words]:contains(提出方案时间)"},
        {trigger: ".modal button[name=action_policy_accept]", run: "click"},
        {trigger: ".o_field_widget[name=suggestion_open_count]:contains(23)"},
        {
            content: "drop one that is no rule",
            trigger: `${card("每年")} button[name=action_policy_drop]`,
            run: "click",
        },
        {trigger: ".o_field_widget[name=suggestion_open_count]:contains(22)"},
        {
            content: "and one that counts what another counts already",
            trigger: `${card("15分钟")} button[name=action_policy_drop]`,
            run: "click",
        },
        {trigger: ".o_field_widget[name=suggestion_open_count]:contains(21)"},
        {trigger: "button[name=action_policy_accept_complete]", run: "click"},
        {trigger: ".o_field_widget[name=suggestion_open_count]:contains(4)"},
        {trigger: ".o_statusbar_buttons button:contains(发布)", run: "click"},
        {
            content: "why there is another version",
            trigger: ".modal .o_field_widget[name=revision_reason] :is(input, select)",
            run: "click",
        },
        {trigger: ".o_select_menu_item:contains(管理实践)", run: "click"},
        {
            trigger: ".modal .o_field_widget[name=change_summary] :is(input, textarea)",
            run: "edit 按公司现行文本重新发布",
        },
        {trigger: ".modal button[name=action_policy_hand_over]", run: "click"},
        {trigger: '.o_arrow_button_current[data-value="review"]'},
    ],
});

// Somebody else puts it in force.
tours.add("crm_policy_word_approve", {
    steps: () => [
        {trigger: ".o_statusbar_buttons button:contains(审阅)", run: "click"},
        {trigger: ".modal button[name=action_policy_approve]", run: "click"},
        {trigger: '.o_arrow_button_current[data-value="effective"]'},
    ],
});

// A complaint comes in: the clocks of the text run.
tours.add("crm_policy_word_case", {
    steps: () => [
        ...typeIn("板材分层", ["产品", "产品质量"], "回流焊后 150 片分层。"),
        {
            trigger: '.o_statusbar_buttons button[name="action_policy_accept"]',
            run: "click",
        },
        {trigger: '.o_arrow_button_current[data-value="accepted"]'},
        {content: "a clock of the policy runs", trigger: ".o_policy_countdown"},
    ],
});
