// SPDX-License-Identifier: UNLICENSED
pragma solidity ^0.8.0;

/// What a client's library has to cope with: constructor arguments, tuples, dynamic values, events, money, reverts.
contract Box {
    struct Item {
        uint256 id;
        string label;
    }

    address public owner;
    uint256 public value;
    Item[] private items;

    event Stored(address indexed by, uint256 value, string label);

    error TooSmall(uint256 given, uint256 needed);

    constructor(uint256 initial) payable {
        owner = msg.sender;
        value = initial;
    }

    function store(uint256 next, string calldata label) external returns (uint256) {
        require(next != 13, "not thirteen");
        if (next < 2) revert TooSmall(next, 2);
        value = next;
        items.push(Item(next, label));
        emit Stored(msg.sender, next, label);
        return next * 2;
    }

    function list() external view returns (Item[] memory) {
        return items;
    }

    function pair() external view returns (uint256 number, address who) {
        return (value, owner);
    }

    function deposit() external payable returns (uint256) {
        return address(this).balance;
    }

    function pay(address payable to, uint256 sun) external {
        require(msg.sender == owner, "not yours");
        to.transfer(sun);
    }

    function spin() external {
        while (true) value += 1;
    }
}
