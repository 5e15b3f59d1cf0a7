// The key of one view of a form: the same for a double click, another for a second enquiry.

// Form, or `page` for what the page posts by itself -> its key, and the address under which it was viewed.
let keys = new WeakMap();
export let sent = new WeakSet();
export const page = {};

// On another page of a single-page site the same form is another view. Not while it is being sent: an
// impatient second click may come when the address has changed.
export const keyOf = (form) => {
  let [key, view] = keys.get(form) || [];
  if (view !== location.href && !sent.has(form)) {
    key = crypto.getRandomValues(new Uint32Array(4)).join("-");
    keys.set(form, [key, location.href]);
  }
  return key;
};

export const renewKey = (form) => {
  sent.delete(form);
  keys.delete(form);
};

export const renewAllKeys = () => {
  keys = new WeakMap();
  sent = new WeakSet();
};
