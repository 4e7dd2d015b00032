// SPDX-License-Identifier: UNLICENSED
pragma solidity ^0.8.30;

/// Any TRC20, as people write them today.
contract AnyToken {
    string public name;
    string public constant symbol = "ANY";
    uint8 public constant decimals = 18;
    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);
    error InsufficientBalance(address sender, uint256 balance, uint256 needed);

    constructor(string memory name_, uint256 supply) {
        name = name_;
        totalSupply = supply;
        balanceOf[msg.sender] = supply;
        emit Transfer(address(0), msg.sender, supply);
    }

    function transfer(address to, uint256 value) external returns (bool) {
        _transfer(msg.sender, to, value);
        return true;
    }

    function approve(address spender, uint256 value) external returns (bool) {
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        require(allowance[from][msg.sender] >= value, "insufficient allowance");
        allowance[from][msg.sender] -= value;
        _transfer(from, to, value);
        return true;
    }

    function _transfer(address from, address to, uint256 value) private {
        require(to != address(0), "transfer to the zero address");
        if (balanceOf[from] < value) revert InsufficientBalance(from, balanceOf[from], value);
        balanceOf[from] -= value;
        balanceOf[to] += value;
        emit Transfer(from, to, value);
    }
}

contract Child {
    address public maker;
    uint256 public number;

    constructor(uint256 number_) payable {
        maker = msg.sender;
        number = number_;
    }

    function set(uint256 number_) external {
        require(number_ != 13, "unlucky");
        number = number_;
    }

    function destroy(address payable heir) external {
        selfdestruct(heir);
    }
}

contract Workshop {
    uint256 public number;
    Child public child;

    event Done(uint256 indexed number, bytes data);

    receive() external payable {}

    function fail(string calldata why) external pure {
        revert(why);
    }

    function panic(uint256 divisor) external pure returns (uint256) {
        return 1 / divisor;
    }

    function spin() external {
        while (true) number++;
    }

    function illegal() external pure {
        assembly {
            invalid()
        }
    }

    function make(uint256 number_) external payable returns (address) {
        child = new Child{value: msg.value}(number_);
        return address(child);
    }

    function make2(bytes32 salt, uint256 number_) external returns (address) {
        child = new Child{salt: salt}(number_);
        return address(child);
    }

    function pay(address payable to, uint256 sun) external {
        (bool ok, ) = to.call{value: sun}("");
        require(ok, "not paid");
    }

    function delegate(address code, uint256 number_) external {
        (bool ok, ) = code.delegatecall(abi.encodeWithSignature("set2(uint256)", number_));
        require(ok);
    }

    /// Calls and goes on when that fails.
    function attempt(uint256 number_) external {
        try child.set(number_) {
            emit Done(number_, "");
        } catch (bytes memory data) {
            emit Done(number_, data);
        }
    }

    function surroundings() external view returns (uint256, uint256, uint256, address, bytes32, address, uint256) {
        return (
            block.chainid,
            block.timestamp,
            block.number,
            block.coinbase,
            blockhash(block.number - 1),
            tx.origin,
            block.basefee
        );
    }

    function look() external returns (uint256) {
        emit Done(block.number, abi.encode(block.timestamp, block.coinbase));
        return block.number;
    }

    function digests(bytes calldata data) external pure returns (bytes32, bytes32, address) {
        bytes20 ripemd = ripemd160(data);
        return (sha256(data), bytes32(ripemd), ecrecover(keccak256(data), 27, bytes32(uint256(1)), bytes32(uint256(2))));
    }
}

contract Library {
    uint256 public number;

    function set2(uint256 number_) external {
        number = number_;
    }
}
