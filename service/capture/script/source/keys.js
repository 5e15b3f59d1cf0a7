// The key of one view of a form: the same for a double click, another for a second enquiry.

// Form, or `page` for posts of the page's own scripts -> its key, and the address at which it was viewed.
let keys = new WeakMap();
export let sent = new WeakSet();
export const page = {};

// On another page of a single-page site the same form is another view, but not while it is being sent: a second
// click may come after the address has changed.
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
