// What the script of a page does: a FormData by fetch, which becomes multipart/form-data.
const form = new FormData();
form.set("name", "Jürgen Groß");
form.set("email", "juergen@gross.example");
form.set("message", "Zwei Plätze ab Mai?");
form.set("utm_source", "newsletter");
const answer = await fetch(process.argv[2], { method: "POST", body: form });
console.log(answer.status, await answer.text());
