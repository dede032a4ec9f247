"""Takes orders and payments, and fails at five kinds of them. What it took goes to another queue, so that others can count it."""

import json
import os

import boto3

sqs = boto3.client("sqs", endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))
DONE = os.environ["DONE_QUEUE_URL"]
STOCK = {"pen": 100_000}


def take(body):
    if "card" in body:
        if body["card"].endswith("0000"):
            raise PermissionError(f"card {body['card']} was declined by the bank")
        if body["currency"] not in ("EUR", "USD"):
            raise LookupError(f"no rate for currency {body['currency']}")
        return
    if body["amount"] <= 0:
        raise ValueError(f"amount {body['amount']} of order {body['order']} is not positive")
    if body["carrier"] == "slow":
        raise TimeoutError(f"carrier did not answer within {3000 + body['order']} ms")
    STOCK[body["sku"]] -= 1


def handler(event, context):
    failures = []
    for record in event["Records"]:
        try:
            take(json.loads(record["body"]))
            sqs.send_message(QueueUrl=DONE, MessageBody=record["body"])
        except Exception as error:
            print(f"[ERROR] {type(error).__name__}: {error} (message {record['messageId']})")
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
