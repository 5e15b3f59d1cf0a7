// The hidden inputs of forms that post to /f/... where the script comes from.

import { cut } from "./addresses.js";
import { attempt } from "./attempt.js";
import { facts } from "./frames.js";
import { FIRST, LAST } from "./keeping.js";
import { keyOf, renewKey, sent } from "./keys.js";
import { home, loadMore } from "./tag.js";

// On a page that stays, a click after this is another enquiry.
const SAME_CLICK_MS = 2000;
const NAMES = ["lc_landing_url", "lc_page_url", "lc_referrer", FIRST, LAST, "lc_key"];

// Behind the key of what is being sent: how many milliseconds ago the page was opened. Robots are quick. Not in
// the page's own inputs: they are read at any time, also again after a mistake.
const age = () => "." + (performance.now() | 0);

export const values = (form, isSent) => {
  const told = {};
  facts(cut).concat(keyOf(form) + (isSent ? age() : "")).forEach((value, place) => (told[NAMES[place]] = value));
  return told;
};

// getAttribute: a field named "action" hides form.action.
const told = (name, form, button) => (button && button.getAttribute("form" + name)) || form.getAttribute(name);

// Where a framework's handler posts to cannot be seen: such a form says data-lead-capture, or more.js says it.
const isOurs = (form, button) => {
  const url = new URL(told("action", form, button) || location.href, document.baseURI);
  return (url.origin === home && url.pathname.startsWith("/f/")) || form.closest("[data-lead-capture]");
};

const hiddenInput = (form, name) => {
  const input = document.createElement("input");
  input.type = "hidden";
  input.name = name;
  return form.appendChild(input);
};

// Into `data`, where a script reads the form by FormData.
const write = (form, data) => {
  for (const [name, value] of Object.entries(values(form, data))) {
    if (data) data.set(name, value);
    else {
      const present = form.querySelectorAll('input[name="' + name + '"]');
      for (const input of present.length ? present : [hiddenInput(form, name)]) input.value = value;
    }
  }
};

export const fill = (form) => attempt(() => (isOurs(form) ? write(form) : loadMore()));

export const renewView = (form) => {
  renewKey(form);
  fill(form);
};

// An impatient second click within SAME_CLICK_MS is still the same enquiry. `stays` is asked then, when the
// page's own handlers have had their say: where the browser leaves for a slow answer, so is a later one.
export const useKey = (form, stays) => {
  if (sent.has(form)) return;
  sent.add(form);
  setTimeout(() => stays() && renewView(form), SAME_CLICK_MS);
};

// Of "submit" and "formdata": a script reads the form with or without the former.
export const onSend = (event) => {
  const form = event.target;
  const button = event.submitter;
  if (!isOurs(form, button)) return;
  write(form, event.formData);
  const target = told("target", form, button) || "_self";
  useKey(form, () => event.formData || event.defaultPrevented || target !== "_self");
};
