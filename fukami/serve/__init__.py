"""`serve`: runs behind HTTP. One idea a file.

values       from what comes over the network to raw inputs
tables       tables in, tables with answers out
hosted       a run, or an exported folder, as a service asks it: `runs`, `exported`
batching     requests that wait for one model, answered together
hosts        all that a server holds, and exchanging a folder that was replaced
limits keys  what is refused before it is read
figures log  what Prometheus reads; one line of JSON a request
described    OpenAPI, whose schemas are those of the fields
completions  texts that are written, as clients of OpenAI ask for them
page         the page at `/`
app          the routes; verb: the server
"""
