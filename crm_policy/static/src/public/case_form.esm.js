import {Interaction} from "@web/public/interaction";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";

const MEGABYTE = 1024 * 1024;

/**
 * A form for words and photos. It shows what was chosen, says what is too large before it is sent,
 * and stays as it is, photos included, when the server refuses it or cannot be reached. Without
 * JavaScript the form works as any other.
 */
export class CaseForm extends Interaction {
    static selector = ".o_policy_form";
    dynamicContent = {
        "input[type=file]": {"t-on-change": this.onFiles},
        _root: {"t-on-submit.prevent": this.onSubmit},
    };

    get files() {
        return [...this.el.querySelectorAll("input[type=file]")].flatMap((input) => [
            ...input.files,
        ]);
    }

    onFiles() {
        const chosen = this.el.querySelector(".o_policy_chosen");
        chosen.replaceChildren(
            ...this.files.map((file) => {
                const box = document.createElement("span");
                box.className = "o_policy_file border rounded";
                if (file.type.startsWith("image/")) {
                    const image = document.createElement("img");
                    image.src = URL.createObjectURL(file);
                    image.alt = file.name;
                    box.append(image);
                } else {
                    box.textContent = file.name;
                }
                return box;
            })
        );
        this.showProblems(this.findProblems());
    }

    findProblems() {
        const {maxFiles, maxMb} = this.el.dataset;
        const problems = this.files
            .filter((file) => file.size > Number(maxMb) * MEGABYTE)
            .map((file) =>
                _t("%(file)s is larger than %(limit)s MB.", {file: file.name, limit: maxMb})
            );
        if (this.files.length > Number(maxFiles)) {
            problems.push(
                _t("You chose %(count)s files; %(limit)s at most can be sent.", {
                    count: this.files.length,
                    limit: maxFiles,
                })
            );
        }
        return problems;
    }

    showProblems(problems) {
        const box = this.el.querySelector(".o_policy_problems");
        box.replaceChildren(
            ...problems.map((problem) => {
                const line = document.createElement("p");
                line.className = "mb-1";
                line.textContent = problem;
                return line;
            })
        );
        box.classList.toggle("d-none", !problems.length);
        if (problems.length) {
            box.scrollIntoView({block: "center"});
        }
    }

    async onSubmit() {
        const problems = this.findProblems();
        if (problems.length) {
            this.showProblems(problems);
            return;
        }
        const button = this.el.querySelector("button[type=submit]");
        button.disabled = true;
        const refused = await this.waitFor(this.send());
        if (refused) {
            button.disabled = false;
            this.showProblems(refused);
        }
    }

    /**
     * Send the form and go where the server leads.
     * @returns {Promise<String[]|null>} what the server refuses, nothing when it took the form
     */
    async send() {
        try {
            const answer = await fetch(this.el.action, {
                method: "POST",
                body: new FormData(this.el),
            });
            if (answer.redirected) {
                this.leave(answer.url);
                return null;
            }
            const page = new DOMParser().parseFromString(await answer.text(), "text/html");
            const lines = page.querySelectorAll(".o_policy_problems p");
            if (lines.length) {
                return [...lines].map((line) => line.textContent);
            }
        } catch {
            return [_t("There is no connection. Nothing is lost: try again in a moment.")];
        }
        return [_t("It could not be sent. Nothing is lost: try again in a moment.")];
    }

    leave(url) {
        // The same address with another anchor would not be loaded again.
        if (url.split("#")[0] === window.location.href.split("#")[0]) {
            window.location.reload();
        } else {
            window.location.assign(url);
        }
    }
}

/** Copies the private address of a case. */
export class CopyLink extends Interaction {
    static selector = ".o_policy_sent";
    dynamicContent = {".o_policy_copy": {"t-on-click": this.onCopy}};

    async onCopy(ev) {
        const link = this.el.querySelector(".o_policy_link");
        link.select();
        await this.waitFor(navigator.clipboard.writeText(link.value));
        ev.target.textContent = _t("Copied");
    }
}

registry.category("public.interactions").add("crm_policy.case_form", CaseForm);
registry.category("public.interactions").add("crm_policy.copy_link", CopyLink);
