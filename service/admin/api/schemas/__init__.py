"""The API's requests and responses, for validation and for OpenAPI."""
