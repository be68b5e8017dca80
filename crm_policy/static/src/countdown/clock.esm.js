import {onWillUnmount, reactive, useState} from "@odoo/owl";

const {DateTime} = luxon;
const REFRESH = 30000; // Milliseconds: the chips count in minutes

const clock = reactive({now: DateTime.now()});
const tick = () => (clock.now = DateTime.now());
let users = 0;
let timer = null;

/**
 * One timer for all chips on the screen, however many there are; none when there is none.
 *
 * @returns {{now: DateTime}} which renders its component again as time goes by
 */
export function useClock() {
    if (!users++) {
        tick();
        timer = setInterval(tick, REFRESH);
    }
    onWillUnmount(() => {
        if (!--users) {
            clearInterval(timer);
        }
    });
    return useState(clock);
}
