// Empty hidden fields of other people's forms. A field with a value of its own is never changed, nor one that can
// be seen.

import { meaningOf } from "./meanings.js";
import { answersOf, facts } from "./tags.js";

// A page that draws its fields anew whenever one is filled in must not go on for ever.
const MAX_NOTICES = 50;

// Input -> what we wrote into it.
const written = new WeakMap();
let notices = 0;

// React keeps values in a state of its own, as HubSpot's forms do: it has to hear of them. By the attribute, which
// is the value of a hidden input, because React ignores what its own property was set to.
const write = (input, value) => {
  written.set(input, value);
  input.setAttribute("value", value);
  if (input._valueTracker && notices++ < MAX_NOTICES) input.dispatchEvent(new Event("input", { bubbles: true }));
};

export const fillField = (input) => {
  if (input.localName !== "input" || input.type !== "hidden" || !input.form) return;
  if (input.value && input.value !== written.get(input)) return;
  const meaning = meaningOf(input.name) || meaningOf(input.id);
  // Of a sign-in the referrer says where it leads on.
  if (!meaning || (meaning === "referrer" && input.form.querySelector("[type=password]"))) return;
  const value = answersOf(facts())[meaning] || "";
  if (value !== input.value) write(input, value);
};
