"""Stores the orders that the portal took. One that cannot be stored does not take its batch along: it comes back alone."""

import json
import os
import traceback

import boto3

table = boto3.resource("dynamodb", endpoint_url=os.environ.get("AWS_ENDPOINT_URL")).Table("orders")


def store(record):
    order = json.loads(record["body"])
    if order.get("quantity") is None:
        raise ValueError(f"order {order['orderID']} has no quantity")
    table.put_item(Item=order)


def handler(event, context):
    failed = []
    for record in event["Records"]:
        try:
            store(record)
            print(json.dumps({"level": "INFO", "stored": json.loads(record["body"])["orderID"]}))
        except Exception as error:
            print(f"[ERROR] {type(error).__name__}: {error}\n{traceback.format_exc()}")
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
