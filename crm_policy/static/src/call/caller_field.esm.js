import {CharField, charField} from "@web/views/fields/char/char_field";
import {registry} from "@web/core/registry";
import {useDebounced} from "@web/core/utils/timing";
import {useEffect} from "@odoo/owl";

const PAUSE = 350; // Milliseconds without a key before one looks who it is
const SHORTEST = 2; // Characters: a Chinese name

/**
 * The caller's number or name: looked up while it is being typed, not only on leaving the field.
 */
export class CallerField extends CharField {
    setup() {
        super.setup();
        const lookUp = useDebounced(() => this.lookUp(), PAUSE);
        const onInput = (ev) => ev.isComposing || lookUp();
        useEffect(
            (el) => {
                el?.addEventListener("input", onInput);
                el?.addEventListener("compositionend", lookUp);
                return () => {
                    el?.removeEventListener("input", onInput);
                    el?.removeEventListener("compositionend", lookUp);
                };
            },
            () => [this.input.el]
        );
    }

    lookUp() {
        const {name, record} = this.props;
        const value = this.input.el?.value.trim();
        if (value?.length >= SHORTEST && value !== record.data[name]) {
            record.update({[name]: value});
        }
    }
}

registry.category("fields").add("policy_caller", {...charField, component: CallerField});
