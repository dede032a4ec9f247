"""Tells the topic of every order that reached the table."""

import json
import os

import boto3

sns = boto3.client("sns", endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))


def handler(event, context):
    for record in event["Records"]:
        image = record["dynamodb"].get("NewImage")
        if image:
            order = image["orderID"]["S"]
            message = json.dumps({"orderID": order})
            sns.publish(TopicArn=os.environ["TOPIC_ARN"], Subject="A new order", Message=message)
            print(json.dumps({"level": "INFO", "told": order}))
