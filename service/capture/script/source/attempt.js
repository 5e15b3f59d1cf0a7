// A failure here must never affect the page: what fails is left out.

export const attempt = (action, fallback) => {
  try {
    return action();
  } catch (error) {
    return fallback;
  }
};

// In the capture phase: a page's own handler may stop the event.
export const listen = (place, types, handle) => {
  for (const type of types.split(" ")) place.addEventListener(type, (event) => attempt(() => handle(event)), true);
};

export const nowS = () => Math.floor(Date.now() / 1000);
