"""Publishes to each kind of target with the generated client."""
import sys

from fanfare import ApiClient, Broadcast, Configuration, MessageRequest, MessagesApi, OneUser, SomeUsers, Target, Topic

base, key, user = sys.argv[1:]
with ApiClient(Configuration(host=base, access_token=key)) as client:
    messages = MessagesApi(client)

    def publish(to, text):
        request = MessageRequest(to=Target(to), event="client", data={"text": text})
        return messages.publish_message(request, idempotency_key=text)

    one = publish(OneUser(user=user), "python user")
    assert one.id and one.recipients[0].online
    some = publish(SomeUsers(users=[user, "bob"]), "python users")
    assert len(some.recipients) == 2 and not some.recipients[1].online
    assert publish(Topic(channel="news"), "python channel").id
    assert publish(Broadcast(all=True), "python all").id
