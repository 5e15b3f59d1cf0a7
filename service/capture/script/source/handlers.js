// Forms that post here without an action: htmx, and inline handlers, such as Alpine's
// @submit.prevent="fetch('https://leads.example.com/f/tour', ...)". They are marked for attribution.js.

import { attempt } from "./attempt.js";
import { home } from "./tag.js";

const ADDRESS = /[^\s"'`(=]*\/f\/[^\s"'`)]+/;

const isEndpoint = (address) => {
  const url = new URL(address, document.baseURI);
  return url.origin === home && url.pathname.startsWith("/f/");
};

const pointsHere = ({ name, value }) => name !== "action" && attempt(() => isEndpoint(ADDRESS.exec(value)[0]));

const posts = (form) => [form, ...form.querySelectorAll("[hx-post],[data-hx-post],[hx-put],[data-hx-put]")];

export const markForm = (form) => {
  if (form.localName !== "form" || form.hasAttribute("data-lead-capture")) return;
  if (!posts(form).some(({ attributes }) => Array.from(attributes).some(pointsHere))) return;
  form.setAttribute("data-lead-capture", "");
  LeadCapture.fill(form);
};
