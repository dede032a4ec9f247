"""Puts on the bus what the tills of the stores handed in."""

import json
import os

import boto3

events = boto3.client("events", endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))


def handler(event, context):
    entries = [
        {
            "EventBusName": os.environ["EVENT_BUS_NAME"],
            "Source": "store-orders.tills",
            "DetailType": one["type"],
            "Detail": json.dumps(one["detail"]),
        }
        for one in event["events"]
    ]
    events.put_events(Entries=entries)
    print(json.dumps({"level": "INFO", "put": len(entries)}))
