"""Logs each sale; one that does not say its store is an error, and no reason to stop."""

import json


def handler(event, context):
    detail = event["detail"]
    if "store_id" in detail:
        line = {"level": "INFO", "event": event["id"], "store_id": detail["store_id"], "amount": detail["amount"]}
    else:
        line = {"level": "ERROR", "event": event["id"], "error": "store_id is missing", "detail": detail}
    print(json.dumps(line))
