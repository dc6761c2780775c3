"""A stand-in for the MitID brokers, for demo and tests: anybody may be anybody, so it refuses production."""

from auth.standin.app import create_standin
from auth.standin.broker import Broker
from auth.standin.misbehaviour import Misbehaviour
from auth.standin.settings import NotInProduction, StandinSettings

__all__ = ["Broker", "Misbehaviour", "NotInProduction", "StandinSettings", "create_standin"]
