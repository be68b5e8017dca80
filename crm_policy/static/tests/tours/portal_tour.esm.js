import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");

function choosePhoto(name) {
    return {
        content: "take a photo",
        trigger: ".o_policy_photos label:has(input[capture])",
        run() {
            const input = this.anchor.querySelector("input");
            const transfer = new DataTransfer();
            const dot = Uint8Array.from(
                atob(
                    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
                ),
                (letter) => letter.charCodeAt(0)
            );
            transfer.items.add(new File([dot], name, {type: "image/png"}));
            input.files = transfer.files;
            input.dispatchEvent(new Event("change", {bubbles: true}));
        },
    };
}

// A customer reports something on his phone, follows it and adds to it.
tours.add("crm_policy_portal", {
    steps: () => [
        {trigger: 'label[for="kind_complaint"]', run: "click"},
        {trigger: "input[name=subject]", run: "edit 外箱破损"},
        {trigger: "textarea[name=description]", run: "edit 到货 300 箱,12 箱受潮。"},
        {trigger: "input[name=policy_order_ref]", run: "edit SO-2603-18"},
        choosePhoto("box.png"),
        {content: "the photo is shown before it is sent", trigger: ".o_policy_chosen img"},
        {
            trigger: "form.o_policy_new button[type=submit]",
            run: "click",
            expectUnloadPage: true,
        },
        {content: "it has arrived", trigger: ".o_policy_step.o_policy_current:first-child"},
        {content: "and says by when", trigger: ".o_policy_next"},
        {content: "with the photo", trigger: ".o_policy_file img"},
        {trigger: ".o_policy_form textarea[name=text]", run: "edit 又发现 3 箱"},
        {trigger: ".o_policy_form button[type=submit]", run: "click", expectUnloadPage: true},
        {trigger: ".o_policy_message.o_policy_customer:contains(又发现 3 箱)"},
    ],
});

// Somebody scans the code on a delivery note; he has no account.
tours.add("crm_policy_qr", {
    steps: () => [
        {trigger: ".o_policy_prefilled:contains(DN-2603-001)"},
        {trigger: "textarea[name=text]", run: "edit 外箱破损,里面漏液,大约十二箱"},
        choosePhoto("leak.png"),
        {trigger: ".o_policy_chosen img"},
        {trigger: "input[name=wants_reply]", run: "click"},
        {trigger: "button[type=submit]", run: "click"},
        {
            content: "what is missing is said in place; text and photo stay",
            trigger: ".o_policy_problems:not(.d-none) p",
        },
        {trigger: ".o_policy_chosen img"},
        {trigger: "input[name=phone]", run: "edit 13811112222"},
        {trigger: "button[type=submit]:enabled", run: "click", expectUnloadPage: true},
        {content: "thank you, with a number", trigger: ".o_policy_sent strong"},
        {content: "and the private address", trigger: ".o_policy_link:value(/policy/case/)"},
        {trigger: ".o_policy_form textarea[name=text]", run: "edit 还在漏"},
        {trigger: ".o_policy_form button[type=submit]", run: "click", expectUnloadPage: true},
        {trigger: ".o_policy_message:contains(还在漏)"},
    ],
});

function send(saying) {
    return {trigger: `button[name=saying][value=${saying}]`, run: "click", expectUnloadPage: true};
}

// He reads the reply; it does not help him, and he says why.
tours.add("crm_policy_portal_refuse", {
    steps: () => [
        {trigger: ".o_policy_text:contains(我们为您返工)"},
        {content: "a refusal without a reason is asked for it", ...send("refuse")},
        {trigger: "#answers .o_policy_problems:not(.d-none) p"},
        {trigger: ".o_policy_answer textarea[name=words]", run: "edit 返工后仍然分层"},
        send("refuse"),
        {trigger: ".o_policy_said:contains(返工后仍然分层)"},
        {content: "nothing more is asked now", trigger: "#answers:not(:has(form))"},
        {trigger: ".o_policy_message.o_policy_customer:contains(返工后仍然分层)"},
    ],
});

// The second solution is good: he finds his case in the list, confirms, and rates.
tours.add("crm_policy_portal_confirm", {
    steps: () => [
        {
            trigger: "a:contains(外箱破损)",
            run: "click",
            expectUnloadPage: true,
        },
        {trigger: ".o_policy_text:contains(我们为您换货)"},
        {trigger: ".o_policy_answer textarea[name=words]", run: "edit 换货已收到"},
        send("confirm"),
        {trigger: ".o_policy_said:contains(换货已收到)"},
        {trigger: 'label[for="score_5"]', run: "click"},
        {trigger: "select[name=nps]", run: "select 10"},
        {trigger: ".o_policy_rating textarea[name=words]", run: "edit 很快"},
        send("rate"),
        {trigger: ".o_policy_said:contains(很快)"},
        {trigger: "#answers:not(:has(form))"},
    ],
});

// What the committee has found is before him: he objects, and agrees to the next findings.
tours.add("crm_policy_portal_object", {
    steps: () => [
        {trigger: ".o_policy_findings .o_policy_text:contains(烘烤温度偏低)"},
        {trigger: ".o_policy_findings dd:contains(2,040.00)"},
        {trigger: ".o_policy_decision textarea[name=words]", run: "edit 我们只承担两成"},
        send("object"),
        {trigger: ".o_policy_said:contains(我们只承担两成)"},
        {trigger: ".o_policy_case:not(:has(.o_policy_findings))"},
    ],
});
tours.add("crm_policy_portal_agree", {
    steps: () => [
        {trigger: ".o_policy_findings dd:contains(1,360.00)"},
        send("agree"),
        {trigger: ".o_policy_findings:not(:has(form))"},
        {trigger: ".o_policy_said i.fa-check"},
    ],
});
