"""Turns what the agency's old system exported into job events, once a minute."""

import json
import os
import random
import time

import boto3

sns = boto3.client("sns", endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))
EVENT_TYPES = ["JobCreated", "JobSalaryUpdated", "JobDeleted"]


def handler(event, context):
    minute = int(time.time()) // 60
    for number in range(3):
        job = f"job-{random.randrange(40)}"
        kind = EVENT_TYPES[number]
        sns.publish(
            TopicArn=os.environ["TOPIC_ARN"],
            Message=json.dumps({"id": job, "eventType": kind, "salary": 50_000 + 500 * number}),
            MessageAttributes={"eventType": {"DataType": "String", "StringValue": kind}},
            MessageGroupId=job,
            MessageDeduplicationId=f"{minute}-{number}",
        )
        print(json.dumps({"level": "INFO", "published": kind, "job": job}))
