"""Tells the chat who signed up."""

import json


def handler(event, context):
    for record in event["Records"]:
        person = json.loads(json.loads(record["body"])["Message"])
        print(json.dumps({"level": "INFO", "greeted": person["id"]}))
