// The hidden inputs of forms that post to /f/... on the script's own host.

import { cut } from "./addresses.js";
import { attempt } from "./attempt.js";
import { facts } from "./frames.js";
import { FIRST, LAST } from "./keeping.js";
import { keyOf, renewKey, sent } from "./keys.js";
import { home, loadMore } from "./tag.js";

// On a page that stays, a click after this is another enquiry.
const SAME_CLICK_MS = 2000;
const NAMES = ["lc_landing_url", "lc_page_url", "lc_referrer", FIRST, LAST, "lc_key"];

// Appended to the key when a form is sent: how many milliseconds ago the page was opened, because bots are quick. Not
// in the page's own inputs, which may be read at any time, and again after a correction.
const age = () => "." + (performance.now() | 0);

export const values = (form, isSent) => {
  const fields = {};
  facts(cut).concat(keyOf(form) + (isSent ? age() : "")).forEach((value, place) => (fields[NAMES[place]] = value));
  return fields;
};

// getAttribute: a field named "action" hides form.action.
const attributeOf = (name, form, button) => (button && button.getAttribute("form" + name)) || form.getAttribute(name);

// The target of a framework's handler cannot be seen: such a form has data-lead-capture, from the page or more.js.
const postsHere = (form, button) => {
  const url = new URL(attributeOf("action", form, button) || location.href, document.baseURI);
  return (url.origin === home && url.pathname.startsWith("/f/")) || form.closest("[data-lead-capture]");
};

const hiddenInput = (form, name) => {
  const input = document.createElement("input");
  input.type = "hidden";
  input.name = name;
  return form.appendChild(input);
};

// Writes into `data` if a script reads the form as FormData.
const write = (form, data) => {
  for (const [name, value] of Object.entries(values(form, data))) {
    if (data) data.set(name, value);
    else {
      const present = form.querySelectorAll('input[name="' + name + '"]');
      for (const input of present.length ? present : [hiddenInput(form, name)]) input.value = value;
    }
  }
};

export const fill = (form) => attempt(() => (postsHere(form) ? write(form) : loadMore()));

export const renewView = (form) => {
  renewKey(form);
  fill(form);
};

// A second click within SAME_CLICK_MS is still the same enquiry. `stays` is called after that time, when the page's
// own handlers have run: if the browser is leaving for a slow response, a later click is the same enquiry, too.
export const useKey = (form, stays) => {
  if (sent.has(form)) return;
  sent.add(form);
  setTimeout(() => stays() && renewView(form), SAME_CLICK_MS);
};

// For "submit" and "formdata": a script may read the form without submitting it.
export const onSend = (event) => {
  const form = event.target;
  const button = event.submitter;
  if (!postsHere(form, button)) return;
  write(form, event.formData);
  const target = attributeOf("target", form, button) || "_self";
  useKey(form, () => event.formData || event.defaultPrevented || target !== "_self");
};
