"""The pages that visitors of a form see, in the languages of languages/."""
