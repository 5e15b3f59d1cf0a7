"""The API's requests and answers, for OpenAPI and for checking what operators ask."""
