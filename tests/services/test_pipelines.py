from tests.services.fleet_house import Replica
async def test_x(fleet: Replica) -> None:
    made = await fleet.create("a")
    assert made.id == "1"
async def test_y(fleet: Replica) -> None:
    made = await fleet.create("a")
    assert made.id == "1"
    await fleet.poll("c")
    await fleet.settle()
    print(await fleet.events())
